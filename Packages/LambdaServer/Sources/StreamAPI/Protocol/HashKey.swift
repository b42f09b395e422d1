import Crypto

/// Where partition keys lie among all hash keys.
enum HashKey {
  /// The MD5 of a key as a number.
  static func of(_ partitionKey: String) -> UInt128 {
    var hash = Insecure.MD5()
    var key = partitionKey
    key.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    return hash.finalize().reduce(0) { $0 << 8 | UInt128($1) }
  }
}
