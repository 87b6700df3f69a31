# Names are asked of zfstune itself, which says nothing where there is no ZFS.
function _zfstune_names
    set -l program (commandline -opc)[1]
    set -l word (commandline -ct | string unescape)
    $program complete $argv[1] "$word" 2>/dev/null </dev/null
end
# -- what shtab writes --
