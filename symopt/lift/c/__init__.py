"""Update rules out of C: functions over arrays are interpreted symbolically; nothing is compiled or executed."""
