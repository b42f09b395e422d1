import Foundation
import Testing

/// The root manifest declares every target of the packages again, since a package with local path dependencies
/// cannot be depended on by version. Nothing but these tests keeps the two declarations the same.
@Suite struct `The manifest of a package` {
  @Test(arguments: `The packages`.order)
  func `declares what the root declares for it, with the same versions`(package: String) async throws {
    let root = try await Manifest.root.value
    let own = try await Manifest(package: "Packages/\(package)")
    #expect(own.toolsVersion == root.toolsVersion)
    #expect(Set(own.requirements).subtracting(root.requirements) == [], "not in the root manifest")
    #expect(Set(own.paths.map { URL(filePath: $0).lastPathComponent }).subtracting(`The packages`.order) == [])

    let declared = own.targets.map { target in
      var target = target
      target.path = "Packages/\(package)/" + (target.path ?? "Sources/\(target.name)")
      return target
    }
    let expected = root.targets.filter { $0.path?.hasPrefix("Packages/\(package)/") == true }
    #expect(Set(declared).subtracting(expected) == [], "not in the root manifest")
    #expect(Set(expected).subtracting(declared) == [], "only in the root manifest")
    let names = Set(expected.map(\.name))
    #expect(Set(own.products) == Set(root.products.filter { $0.targets.isSubset(of: names) }))
  }

  @Test func `of the root has no path dependency`() async throws {
    let root = try await Manifest.root.value
    #expect(root.paths == [])
  }
}

/// What SwiftPM makes of a `Package.swift`, as far as the two declarations must agree.
private struct Manifest {
  struct Target: Hashable, CustomStringConvertible {
    var name: String
    var kind: String
    var path: String?
    var dependencies: Set<String>
    /// Settings and system library details, as canonical JSON.
    var details: String

    var description: String { "\(kind) \(name) at \(path ?? "-") \(dependencies.sorted()) \(details)" }
  }
  struct Product: Hashable {
    var name: String
    var targets: Set<String>
  }

  var toolsVersion: String
  var targets: [Target]
  var products: [Product]
  /// Dependencies by URL, with version and traits, as canonical JSON.
  var requirements: [String]
  /// Dependencies by path.
  var paths: [String]

  static let root = Task { try await Manifest(package: ".") }

  init(package: String) async throws {
    // SwiftPM would take the root's instead.
    try #require(Repository.exists("\(package)/Package.swift"))
    let json = try #require(
      try JSONSerialization.jsonObject(with: await Self.dump(package)) as? [String: Any], "\(package)")
    let version = json["toolsVersion"] as? [String: Any]
    toolsVersion = try #require(version?["_version"] as? String)
    targets = try Self.objects(json["targets"]).map(Self.target)
    products = try Self.objects(json["products"]).map { product in
      Product(
        name: try #require(product["name"] as? String),
        targets: Set(try #require(product["targets"] as? [String])))
    }
    let dependencies = try Self.objects(json["dependencies"])
    requirements = try dependencies.compactMap { $0["sourceControl"] }.map(Self.canonical)
    paths = try dependencies.compactMap { $0["fileSystem"] }.flatMap(Self.objects).map {
      try #require($0["path"] as? String)
    }
  }

  private static func target(_ json: [String: Any]) throws -> Target {
    // Each dependency is one member, such as `"product": [name, package, null, null]`. Ours are known by their
    // name alone: what is a target of the root is a product of another package to a package.
    let dependencies = try objects(json["dependencies"]).map { dependency in
      let (kind, value) = try #require(dependency.first)
      let parts = try #require(value as? [Any])
      let name = try #require(parts.first as? String)
      guard kind == "product", let package = parts[1] as? String, !`The packages`.order.contains(package) else {
        return name
      }
      return "\(package).\(name)"
    }
    return Target(
      name: try #require(json["name"] as? String), kind: try #require(json["type"] as? String),
      path: json["path"] as? String, dependencies: Set(dependencies),
      details: try canonical(["settings", "pkgConfig", "providers", "exclude", "resources"].map { json[$0] ?? "" }))
  }

  private static func objects(_ json: Any?) throws -> [[String: Any]] { try #require(json as? [[String: Any]]) }

  private static func canonical(_ json: Any) throws -> String {
    let data = try JSONSerialization.data(withJSONObject: json, options: [.sortedKeys, .fragmentsAllowed])
    return String(decoding: data, as: UTF8.self)
  }

  /// Asks SwiftPM, in a scratch folder of its own: the usual one is locked by the running tests.
  private static func dump(_ package: String) async throws -> Data {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tidy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    // SwiftPM leaves its lock files in the temporary folder.
    process.arguments = [
      "TMPDIR=\(folder.path())", "swift", "package", "--package-path", Repository.root.appending(path: package).path(),
      "--scratch-path", folder.appending(path: "scratch").path(), "dump-package",
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "swift package dump-package, in \(package)")
    return data
  }
}
