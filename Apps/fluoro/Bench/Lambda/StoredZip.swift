import CZlib

/// A zip archive with one file that is stored as it is.
struct StoredZip {
  let bytes: [UInt8]

  private static let localSignature: UInt32 = 0x0403_4B50
  private static let centralSignature: UInt32 = 0x0201_4B50
  private static let endSignature: UInt32 = 0x0605_4B50
  /// 2.0, and made on Unix, where an entry has a mode.
  private static let version: UInt16 = 20
  private static let madeBy: UInt16 = 3 << 8 | 20
  /// The first of January 1980.
  private static let date: UInt16 = 1 << 5 | 1

  /// - Parameter mode: Of the file, with its permissions.
  init(name: String, content: [UInt8], mode: UInt32) {
    let checksum = UInt32(
      truncatingIfNeeded: content.withUnsafeBufferPointer { bytes in
        crc32(crc32(0, nil, 0), bytes.baseAddress, UInt32(bytes.count))
      })
    var about: [UInt8] = []
    // Flags, method, time.
    for value in [Self.version, 0, 0, 0, Self.date] { about += value.littleEndianBytes }
    for value in [checksum, UInt32(content.count), UInt32(content.count)] { about += value.littleEndianBytes }
    about += UInt16(name.utf8.count).littleEndianBytes
    // No further fields.
    about += UInt16(0).littleEndianBytes

    var local = Self.localSignature.littleEndianBytes + about
    local += Array(name.utf8) + content
    var central = Self.centralSignature.littleEndianBytes + Self.madeBy.littleEndianBytes + about
    // Comment, disk, kind of content.
    for value: UInt16 in [0, 0, 0] { central += value.littleEndianBytes }
    central += (mode << 16).littleEndianBytes + UInt32(0).littleEndianBytes + Array(name.utf8)
    var end = Self.endSignature.littleEndianBytes
    // Disks and entries, here and altogether.
    for value: UInt16 in [0, 0, 1, 1] { end += value.littleEndianBytes }
    end += UInt32(central.count).littleEndianBytes + UInt32(local.count).littleEndianBytes
    end += UInt16(0).littleEndianBytes
    bytes = local + central + end
  }
}

extension FixedWidthInteger {
  fileprivate var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
