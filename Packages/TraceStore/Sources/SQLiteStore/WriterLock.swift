#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Keeps a second writer out of a store. The system gives the lock back when the process ends, however it ends.
final class WriterLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock in a file of its own: closing a second descriptor of the database file would drop the locks
  /// that SQLite holds on it.
  init(at path: String, for store: String) throws(StoreError) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw StoreError(.cannotOpen, path: path, "cannot create the lock: \(systemMessage())")
    }
    // What throws from here on is deinitialized, which closes the file.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw StoreError(.busy, path: store, "another process writes to it")
    }
  }

  deinit {
    guard descriptor >= 0 else { return }
    // A child process that is being started has the descriptor, too, until its program is loaded: closing ours alone
    // would leave the lock to it.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}
