# Names are asked of zfstune itself, which says nothing where there is no ZFS.
_zfstune_names() {
    local word=$2 name quoted=
    case $word in
        [\"\']*) word=${word:1} ;;
        *) quoted=yes && word=${word//\\/} ;;
    esac
    while IFS= read -r name; do
        [[ $name ]] || continue
        # A name with a space is one word.
        if [[ $quoted ]]; then printf '%q\n' "$name"; else printf '%s\n' "$name"; fi
    done < <("${_zfstune_program:-zfstune}" complete "$1" "$word" 2>/dev/null </dev/null)
}
_zfstune_datasets() { _zfstune_names dataset "$1"; }
_zfstune_pools() { _zfstune_names pool "$1"; }
_zfstune_profiles() { _zfstune_names profile "$1"; }
_zfstune_roles() { _zfstune_names role "$1"; }
_zfstune_snapshots() { _zfstune_names snapshot "$1"; }
_zfstune_targets() { _zfstune_names target "$1"; }
# -- what shtab writes --

# bash takes tank/data@monday for three words, since it breaks them at @ and : as well.
# They are put together for shtab's function, and what stands before the part that bash
# is going to replace, its second argument, is taken off the answers.
_zfstune() {
    local _zfstune_program=$1 replaced=$2 rest=$COMP_LINE at=0 index piece
    local -a words=()
    for index in "${!COMP_WORDS[@]}"; do
        piece=${COMP_WORDS[index]}
        if ((index == 0)) || [[ -z $piece || $rest == [[:space:]]* ]]; then
            rest=${rest#"${rest%%[![:space:]]*}"}
            words+=("$piece")
        else
            words[${#words[@]} - 1]+=$piece
        fi
        rest=${rest#"$piece"}
        ((index != COMP_CWORD)) || at=$((${#words[@]} - 1))
    done
    local before=${words[at]%"$replaced"}
    COMP_WORDS=("${words[@]}")
    COMP_CWORD=$at
    _shtab_zfstune
    for index in "${!COMPREPLY[@]}"; do
        COMPREPLY[index]=${COMPREPLY[index]#"$before"}
    done
    # Behind the @ of a snapshot the name goes on.
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *@ ]] || compopt -o nospace 2>/dev/null
    return 0
}
complete -o bashdefault -F _zfstune zfstune
