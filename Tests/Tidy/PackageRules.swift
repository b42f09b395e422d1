import Testing

@Suite struct `The packages` {
  /// Towards the reader of traces; a package may import those before it.
  static let order = [
    "XRayModel", "XRaySampler", "XRaySDK", "LambdaRuntime", "EventSources", "LambdaEmitter", "XRayDaemon", "TraceStore",
    "TraceReports", "XRayService", "LambdaServer",
  ]

  @Test func `all have their place in the order of imports`() throws {
    let packages = try Repository.folders(in: "Packages")
    #expect(Set(packages) == Set(Self.order))
  }

  @Test func `import only what lies before them`() throws {
    let ranks = try Dictionary(
      uniqueKeysWithValues: Self.order.enumerated().flatMap { rank, package in
        try Repository.folders(in: "Packages/\(package)/Sources").map { ($0, rank) }
      })
    let keyword = /^\s*(?:@\w+ )*(?:(?:public|package|internal|private) )?import (?:\w+ )?(\w+)/
    for (rank, package) in Self.order.enumerated() {
      for file in try Repository.swiftFiles(in: "Packages/\(package)/Sources") {
        let imports = file.lines.compactMap { $0.firstMatch(of: keyword).map { String($0.1) } }
        let later = imports.filter { ranks[$0, default: 0] > rank }
        #expect(later == [], "\(file.path) imports what is nearer to the reader")
      }
    }
  }

  @Test(arguments: order) func `have a page for people and one for each library`(package: String) throws {
    #expect(Repository.exists("Packages/\(package)/README.md"))
    for target in try Repository.folders(in: "Packages/\(package)/Sources") {
      let sources = "Packages/\(package)/Sources/\(target)"
      // C targets have nothing for DocC.
      if try Repository.swiftFiles(in: sources).isEmpty { continue }
      #expect(Repository.exists("\(sources)/\(target).docc/\(target).md"))
    }
  }
}
