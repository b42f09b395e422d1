#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension SamplingRules {
  /// Reads the local rules of X-Ray's SDKs from a file.
  public init(contentsOfFile path: String) throws(SamplingRulesError) {
    guard let file = fopen(path, "rb") else {
      throw SamplingRulesError(.unreadable(String(cString: strerror(errno))), member: path)
    }
    defer { fclose(file) }
    // One byte more than allowed tells a file that is too long from one that just fits.
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.byteLimit + 1) { buffer, count in
      count = fread(buffer.baseAddress, 1, buffer.count, file)
    }
    guard ferror(file) == 0 else { throw SamplingRulesError(.unreadable("it is not a readable file"), member: path) }
    try self.init(parsing: bytes)
  }
}
