/** The rules that kube-proxy has in the kernel. They outlive its processes: the first sync of the next one replaces them. */
export class ProgrammedRules {
  #remove: (() => void) | undefined = undefined;

  /** Puts what `load` loads in the place of the last rules. @param load returns a function that takes its rules away. */
  replace(load: () => () => void): void {
    this.#remove?.();
    this.#remove = load();
  }
}
