import { formatFrame, type Member, messageFrame } from './member.ts';
import type { ChatMessage } from './message-store.ts';
import { FrameError } from './protocol.ts';

/** The connections that are in one room now. */
export interface Room {
  readonly size: number;
  /** @throws FrameError where another person has the name. The same client's older connection has to go. */
  add(member: Member): void;
  remove(member: Member): void;
  names(): string[];
  broadcast(message: ChatMessage): void;
  typing(from: Member): void;
  close(): void;
}

// People come and go in crowds (a reload, a restart); told together, n of them cost n frames each instead of n².
const presenceDelayMs = 250;

const replacedCode = 4001;

export function createRoom(): Room {
  const members = new Map<string, Member>();
  const presence = createPresence(members);
  return {
    get size() {
      return members.size;
    },
    add(member) {
      const before = members.get(keyOf(member.name));
      if (before && before.client !== member.client) {
        throw new FrameError('name_taken', `Somebody in this room is called ${member.name} already.`);
      }
      members.set(keyOf(member.name), member);
      if (before) before.socket.close(replacedCode, 'this client came again');
      else presence.came(member.name);
    },
    remove(member) {
      if (members.get(keyOf(member.name)) !== member) return;
      members.delete(keyOf(member.name));
      presence.left(member.name);
    },
    names: () => Array.from(members.values(), (member) => member.name),
    broadcast(message) {
      const frame = messageFrame(message);
      for (const member of members.values()) member.deliver(message, frame);
    },
    typing(from) {
      const frame = formatFrame({ type: 'typing', name: from.name });
      for (const member of members.values()) if (member !== from) member.tell(frame);
    },
    close: presence.close,
  };
}

/** Names that look the same to most readers are the same. */
function keyOf(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

function createPresence(members: ReadonlyMap<string, Member>) {
  const changes = new Map<string, 'came' | 'left'>();
  let timer: NodeJS.Timeout | undefined;
  function flush(): void {
    timer = undefined;
    const namesOf = (kind: string) =>
      [...changes].filter(([, change]) => change === kind).map(([name]) => name);
    const frame = formatFrame({
      type: 'presence',
      came: namesOf('came'),
      left: namesOf('left'),
      count: members.size,
    });
    changes.clear();
    for (const member of members.values()) member.tell(frame);
  }
  function note(name: string, change: 'came' | 'left'): void {
    // A person who leaves and returns within the delay causes no presence frame.
    if (changes.has(name) && changes.get(name) !== change) changes.delete(name);
    else changes.set(name, change);
    timer ??= setTimeout(flush, presenceDelayMs);
  }
  return {
    came: (name: string) => note(name, 'came'),
    left: (name: string) => note(name, 'left'),
    close: () => clearTimeout(timer),
  };
}
