/// Why an archive of code was refused.
struct ZipError: Error, Hashable, CustomStringConvertible {
  enum Reason: Hashable {
    /// It is no archive, or cut off, or says things that cannot be.
    case malformed
    /// It has nothing in it.
    case empty
    /// It uses what we do not read: encryption, a third way of compression, several disks, 64-bit sizes.
    case unsupported
    /// It would take too much room.
    case tooLarge
    /// An entry would lie outside the folder, or stand in another's way.
    case badPath
    /// The content is not what its checksum says.
    case corrupt
    /// The folder could not be written.
    case cannotWrite
  }

  var reason: Reason
  /// Where, for the caller.
  var detail: String

  init(_ reason: Reason, _ detail: String) {
    self.reason = reason
    self.detail = detail
  }

  var description: String { detail }
}
