import Testing

/// The real programs, as users start them. One at a time: they share this machine's processors, and some of what is asserted is about time.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ProcessTests {}
