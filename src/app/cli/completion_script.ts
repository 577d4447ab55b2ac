/**
 * The script that makes a shell complete the words after `sim`: it asks `sim` itself, and falls back to file names.
 * Load it with `source <(sim completion bash)`.
 */
export function completionScript(shell: "bash" | "zsh"): string {
  return shell === "bash" ? BASH : ZSH;
}

const BASH = `# Completion of sim for bash. Load it with: source <(sim completion bash)
_sim() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" candidates
  # After a command and after an option's value comes a file, unless an option was begun.
  if ((COMP_CWORD > 1)) && [[ "$current" != -* && "$previous" != -* && "$previous" != completion ]]; then return; fi
  candidates="$(SHELL=bash sim --get-yargs-completions "\${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)"
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
}
complete -o bashdefault -o default -F _sim sim
`;

const ZSH = `#compdef sim
# Completion of sim for zsh. Load it with: source <(sim completion zsh)
_sim() {
  local -a candidates
  candidates=("\${(@f)$(SHELL=zsh sim --get-yargs-completions "\${(@)words[1,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${candidates[1]}" && "\${words[CURRENT]}" != */* ]]; then
    _describe 'sim' candidates
  fi
  _files
}
compdef _sim sim
`;
