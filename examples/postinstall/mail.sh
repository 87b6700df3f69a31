#!/bin/bash
# A mail server: mailboxes, the queue, and logs.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

zfstune apply --role mail # the queue keeps sync: mail that was accepted is not lost
zfstune schedule install --role mail # mailboxes without the queue, hourly, 72 stay
start_timers
log "storage is ready: /data/mail, /data/mail/queue, /data/logs/mail"
# From here on: queue_directory = /data/mail/queue/postfix, `postfix set-permissions`,
# mail_location = maildir:/data/mail/users/%u/Maildir. Dovecot's sockets for Postfix
# belong below that queue_directory, too.
