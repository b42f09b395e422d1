#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A folder with one file for each authority, found by a hash of its name, such as Debian's `/etc/ssl/certs`.
///
/// TLS reads only those it meets from such a folder, but the whole of a bundle: for the usual 140 that is 1 MB of
/// memory and 5 ms.
enum HashedAuthorities {
  /// Folders with fewer files than that are somebody's own addition to the bundle.
  private static let minimum = 50
  private static let folders = ["/etc/ssl/certs", "/etc/pki/tls/certs"]

  /// `nil` when the machine has bundles only.
  static func find() -> String? { folders.first { count(in: $0) >= minimum } }

  /// How many files are named `0123abcd.0`.
  private static func count(in folder: String) -> Int {
    guard let listing = opendir(folder) else { return 0 }
    defer { closedir(listing) }
    var count = 0
    while let entry = readdir(listing) {
      let isHash = withUnsafeBytes(of: entry.pointee.d_name) { name in
        name.count > 10 && name[8] == UInt8(ascii: ".") && name[9] == UInt8(ascii: "0") && name[10] == 0
          && name[..<8].allSatisfy { isxdigit(Int32($0)) != 0 }
      }
      if isHash { count += 1 }
    }
    return count
  }
}
