import Glibc
import XRayModel

/// A file of segment documents, one a line, plain or gzipped; read from its beginning to its end.
struct DocumentFile: ~Copyable {
  /// Documents or bytes from which on a batch is full.
  private static let batchDocuments = 2048
  private static let batchBytes = 4 << 20

  let path: String
  /// Bytes of the file; `nil` when nobody can know.
  let size: Int?
  private(set) var bytesRead = 0
  var tooLong: Int { lines.tooLong }

  private let descriptor: Int32
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
  private var inflater: Inflater?
  private var lines = LineSplitter()
  private var isAtEnd = false
  /// Why the file could not be read to its end.
  private var failure: Failure?

  /// - Parameter path: `-` means standard input.
  init(path: String) throws(Failure) {
    self.path = path == "-" ? "standard input" : path
    descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreachable("cannot open \(path): \(Console.systemError)") }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      throw .unreachable("cannot read \(path): it is a folder")
    }
    size = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
  }

  deinit {
    if descriptor > STDIN_FILENO { close(descriptor) }
    buffer.deallocate()
  }

  /// The next documents; `nil` at the end of the file. Throws when the file is damaged, after all that could be read.
  mutating func next() throws(Failure) -> DocumentBatch? {
    while !isAtEnd, lines.documents.count < Self.batchDocuments, lines.documents.bytes.count < Self.batchBytes {
      do throws(Failure) {
        try readMore()
      } catch {
        failure = error
        isAtEnd = true
      }
    }
    let documents = lines.takeDocuments()
    if !documents.isEmpty || !isAtEnd { return documents }
    if let failure { throw failure }
    return nil
  }

  private mutating func readMore() throws(Failure) {
    let count = read(descriptor, buffer.baseAddress, buffer.count)
    guard count >= 0 else {
      if errno == EINTR { return }
      throw .failed("cannot go on reading \(path): \(Console.systemError)")
    }
    guard count > 0 else {
      if let isWhole = inflater?.isBetweenMembers, !isWhole { throw .failed("\(path) is damaged: it ends too early") }
      isAtEnd = true
      lines.end()
      return
    }
    do throws(Inflater.Damage) {
      try take(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
    } catch {
      throw .failed("\(path) is damaged between byte \(bytesRead) and \(bytesRead + count) (zlib says \(error.code))")
    }
    bytesRead += count
  }

  private mutating func take(_ piece: UnsafeMutableRawBufferPointer) throws(Inflater.Damage) {
    if bytesRead == 0, piece.starts(with: [0x1F, 0x8B]) { inflater = try Inflater() }
    if inflater == nil {
      lines.append(UnsafeRawBufferPointer(piece))
    } else {
      try inflater?.inflate(piece) { lines.append($0) }
    }
  }
}
