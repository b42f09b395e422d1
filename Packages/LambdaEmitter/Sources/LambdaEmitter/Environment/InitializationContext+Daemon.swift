/// The way of a process's documents, whatever it works on, to the daemon of its environment.
extension InitializationContext {
  /// Sends a document through the environment's daemon, at any time of the environment's life: loses it, and counts
  /// that, when the daemon does not run, has no permission or is gone.
  public func emit(_ document: [UInt8]) { daemon?.emit(document) }

  /// Counts documents that were sent to the daemon and did not reach it.
  public func lose(_ count: Int, because reason: String) { daemon?.lose(count, because: reason) }

  /// Counts what was sent to the daemon as a document and is none.
  public func refuse(because reason: String) { daemon?.refuse(because: reason) }
}
