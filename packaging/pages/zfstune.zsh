# Names are asked of zfstune itself, which says nothing where there is no ZFS.
_zfstune_names() {
    local -a names
    names=("${(@f)$(${service:-zfstune} complete $1 "${(Q)PREFIX}" 2>/dev/null </dev/null)}")
    names=(${names:#})
    (( ${#names} )) || return 1
    if [[ $1 == snapshot && ${names[1]} == *@ ]]; then
        compadd -S '' -a names
    else
        compadd -a names
    fi
}
_zfstune_datasets() { _zfstune_names dataset }
_zfstune_pools() { _zfstune_names pool }
_zfstune_profiles() { _zfstune_names profile }
_zfstune_roles() { _zfstune_names role }
_zfstune_snapshots() { _zfstune_names snapshot }
_zfstune_targets() { _zfstune_names target }
# -- what shtab writes --
