import Testing

/// The program as whoever starts it sees it: flags, ports, signals, files, and what it sends. One process at a time, so
/// that none waits for another's processor.
@Suite(.serialized, .timeLimit(.minutes(2))) struct `The daemon program` {}
