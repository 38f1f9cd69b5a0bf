/** Completions for shells, generated from the table of commands. */

import { helpOption } from './arguments.ts';
import { type Command, type OptionSpec, type RunCommand, UsageError } from './command.ts';

const SHELLS: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash: forBash,
  zsh: forZsh,
  fish: forFish,
};

export function completion(commands: readonly Command[]): RunCommand {
  return async ({ operands }, context) => {
    const [shell] = operands;
    const script = shell === undefined ? undefined : SHELLS[shell];
    if (script === undefined || !Object.hasOwn(SHELLS, shell!))
      throw new UsageError(`completion for which shell? Name one of ${Object.keys(SHELLS).join(', ')}`);
    context.stdout.write(script(commands));
    return 0;
  };
}

const optionsOf = ({ options }: Command): readonly OptionSpec[] => [...options, helpOption];
const takesFile = (command: Command): boolean => command.operands.includes('FILE');
const wordsOf = (command: Command): readonly string[] =>
  /^[a-z|]+$/.test(command.operands) ? command.operands.split('|') : [];

function forBash(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const cases = commands.flatMap((command) => {
    const flags = optionsOf(command).flatMap(({ name, short }) => [
      `--${name}`,
      ...(short ? [`-${short}`] : []),
    ]);
    const words = wordsOf(command).join(' ');
    return [
      `    ${command.name}) options='${flags.join(' ')}' words='${words}' files=${takesFile(command) ? 1 : 0} ;;`,
    ];
  });
  const valued = commands.flatMap(({ options }) => options).filter(({ value }) => value !== undefined);
  const spelled = (some: readonly OptionSpec[]) =>
    [...new Set(some.flatMap(({ name, short }) => [`--${name}`, ...(short ? [`-${short}`] : [])]))].join('|');
  return `# Completion of portway for bash: source <(portway completion bash)
_portway() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local options='' words='' files=0
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${names} help --help --version' -- "$current"))
    return
  fi
  case $previous in
    ${spelled(valued.filter(({ value }) => value === 'FILE'))}) files=1 ;;
    ${spelled(valued.filter(({ value }) => value !== 'FILE'))}) return ;;
    *) case \${COMP_WORDS[1]} in
${cases.join('\n')}
    help) words='${names}' ;;
    esac ;;
  esac
  [[ $current == -* ]] && words=$options
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if ((files)) && [[ $current != -* ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}
complete -F _portway portway
`;
}

function forZsh(commands: readonly Command[]): string {
  const described = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = commands.map((command) => {
    const options = optionsOf(command).map(({ name, help, value, repeatable }) => {
      const action =
        value === undefined ? '' : `:${value.replace(/[':]/g, '')}:${value === 'FILE' ? '_files' : ''}`;
      return quoted(`${repeatable ? '*' : ''}--${name}[${help.replace(/[[\]]/g, '')}]${action}`);
    });
    const words = wordsOf(command).join(' ');
    const operand = takesFile(command) ? ["'*:file:_files'"] : words === '' ? [] : [`'1:shell:(${words})'`];
    return `    ${command.name}) _arguments ${[...options, ...operand].join(' ')} ;;`;
  });
  return `#compdef portway
# Completion of portway for zsh: source <(portway completion zsh), after compinit.
_portway() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${cases.join('\n')}
  esac
}
compdef _portway portway
`;
}

function forFish(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const { name, summary } = command;
    const within = `complete -c portway -n '__fish_seen_subcommand_from ${name}'`;
    const options = optionsOf(command).map(({ name: long, short, value, help }) => {
      const files = value === undefined ? '' : value === 'FILE' ? ' -rF' : ' -x';
      return `${within} -l ${long}${short ? ` -s ${short}` : ''}${files} -d ${quoted(help)}`;
    });
    const words = wordsOf(command).join(' ');
    return [
      `complete -c portway -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...options,
      ...(takesFile(command) ? [`${within} -F`] : []),
      ...(words === '' ? [] : [`${within} -a ${quoted(words)}`]),
    ];
  });
  return `# Completion of portway for fish: portway completion fish | source\ncomplete -c portway -f\n${lines.join('\n')}\n`;
}

/** For all three shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
