// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "TraceStore",
  products: [
    .library(name: "Traces", targets: ["Traces"]),
    .library(name: "TraceFilters", targets: ["TraceFilters"]),
    .library(name: "SegmentBlocks", targets: ["SegmentBlocks"]),
    .library(name: "TraceColumns", targets: ["TraceColumns"]),
    .library(name: "SQLiteStore", targets: ["SQLiteStore"]),
    .library(name: "CZlib", targets: ["CZlib"]),
  ],
  dependencies: [
    .package(path: "../XRayModel"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    .target(name: "Traces", dependencies: ["XRayModel"], swiftSettings: settings),
    .target(name: "TraceFilters", dependencies: ["XRayModel", "Traces"], swiftSettings: settings),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "SegmentBlocks", dependencies: ["XRayModel", "CZlib"], swiftSettings: settings),
    .target(
      name: "TraceColumns", dependencies: ["XRayModel", "Traces", "TraceFilters", "CZlib"], swiftSettings: settings),
    .target(
      name: "SQLiteStore",
      dependencies: [
        "XRayModel", "Traces", "TraceFilters", "SegmentBlocks", "TraceColumns", "CZlib",
        .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      swiftSettings: settings),
  ]
)
