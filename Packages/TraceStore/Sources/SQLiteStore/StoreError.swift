import GRDB

/// Why a store could not be opened, read or written: what happened, where, and what to do about it.
public struct StoreError: Error, Hashable, Sendable {
  public enum Reason: String, Hashable, Sendable, CaseIterable {
    /// The file is something else.
    case notAStore
    /// Written by a later version of this program.
    case newerVersion
    /// Written by an earlier version of this program, in a format that this one does not read.
    case olderVersion
    /// Bytes on disk are not the ones that were written. What is intact stays readable.
    case damaged
    /// No room: nothing of the batch was stored, and the store goes on when there is room again.
    case diskFull
    /// Missing, or the system refuses access.
    case cannotOpen
    /// Another writer has it, or a reader blocked a write for too long.
    case busy
    /// A write to a store that was opened for reading.
    case readOnly
    /// The system failed to read or write.
    case inputOutput
    /// A page token that was not made for this query.
    case badToken
    /// The store was closed.
    case closed
  }

  public var reason: Reason
  /// The file.
  public var path: String
  /// Where in it, such as `block 512`.
  public var place: String?
  /// What exactly was found.
  public var detail: String

  public init(_ reason: Reason, path: String, place: String? = nil, _ detail: String) {
    self.reason = reason
    self.path = path
    self.place = place
    self.detail = detail
  }

  /// What somebody can do about it.
  public var advice: String {
    switch reason {
    case .notAStore: "Name a directory that holds a store, or an empty one."
    case .newerVersion: "Use the version of Fluoro that wrote it, or a later one."
    case .olderVersion: "Export it with the version that wrote it, and import that into a new store."
    case .damaged: "Run a check to see what is lost; export what is intact and import it into a new store."
    case .diskFull: "Make room, or shorten the retention; then send the batch again."
    case .cannotOpen: "Check that the path exists and that its permissions allow it."
    case .busy: "Stop the other process, or open the store for reading only."
    case .readOnly: "Open the store for writing."
    case .inputOutput: "Check the disk and the system's log; then send the batch again."
    case .badToken: "Ask for the first page again, or repeat the query that the token came from."
    case .closed: "Open it again."
    }
  }
}

extension StoreError: CustomStringConvertible {
  public var description: String { "\(path)\(place.map { ", \($0)" } ?? ""): \(detail). \(advice)" }
}

extension StoreError {
  /// What an error of SQLite means for the file at `path`; a store's own error stays as it is.
  init(_ error: any Error, path: String, place: String? = nil) {
    if let error = error as? StoreError {
      self = error
      return
    }
    guard let error = error as? DatabaseError else {
      self.init(error is UnexpectedValue ? .damaged : .inputOutput, path: path, place: place, "\(error)")
      return
    }
    let detail = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
    self.init(Reason(error), path: path, place: place, detail)
  }
}

extension StoreError.Reason {
  fileprivate init(_ error: DatabaseError) {
    switch error.resultCode {
    case .SQLITE_NOTADB: self = .notAStore
    case .SQLITE_FULL: self = .diskFull
    case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: self = .cannotOpen
    case .SQLITE_READONLY: self = .readOnly
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy
    case .SQLITE_MISUSE: self = .closed
    case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHORT_READ: self = .damaged
    case .SQLITE_IOERR, .SQLITE_NOMEM: self = .inputOutput
    // The statements are fixed and their arguments checked: whatever else fails, fails for what the file holds.
    default: self = .damaged
    }
  }
}
