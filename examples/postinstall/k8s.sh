#!/bin/bash
# A node of Kubernetes: K8S_ROLE is worker, or control-plane.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

role=${K8S_ROLE:-worker}
# etcd brings no user where kubeadm runs it
[[ $role != control-plane ]] || account etcd /data/etcd
zfstune apply --role "$role"
log "storage is ready: /data/containerd, /data/kubelet"
# From here on: root = "/data/containerd" in /etc/containerd/config.toml, kubelet with
# --root-dir=/data/kubelet, and on a control plane etcd's data in /data/etcd.
