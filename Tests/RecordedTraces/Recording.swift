import Foundation
import XRayDaemon
import XRayModel

/// The datagrams of one recorded scenario (Fixtures/README.md).
struct Recording: CustomStringConvertible {
  let name: String
  /// How many datagrams the SDK sent; 0 in negative scenarios.
  let count: Int
  let datagrams: [[UInt8]]

  var description: String { name }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

  /// All scenarios, with what was recorded of each.
  static let all: [Recording] = {
    guard let table = try? String(contentsOf: folder.appendingPathComponent("Fixtures/scenarios.tsv"), encoding: .utf8)
    else { return [] }
    return table.split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "\t")
      guard cells.count == 2, !line.hasPrefix("#"), let count = Int(cells[1]) else { return nil }
      return Recording(name: String(cells[0]), count: count)
    }
  }()

  static let positive = all.filter { $0.count > 0 }

  private init(name: String, count: Int) {
    self.name = name
    self.count = count
    let file = Self.folder.appendingPathComponent("Fixtures/\(name).datagrams")
    let bytes = (try? Data(contentsOf: file)).map(Array.init) ?? []
    // A datagram is a header line and a document line.
    let lines = bytes.split(separator: UInt8(ascii: "\n"))
    datagrams = stride(from: 0, to: lines.count - 1, by: 2).map {
      Array(lines[$0] + [UInt8(ascii: "\n")] + lines[$0 + 1])
    }
  }

  /// What follows the header in each datagram, after the daemon's own check of it.
  func documents() throws -> [[UInt8]] {
    try datagrams.map { datagram in
      let offset = try DatagramHeader.documentOffset(in: datagram.span)
      return Array(datagram[offset...])
    }
  }
}
