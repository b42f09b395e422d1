// swift-tools-version: 6.2
import PackageDescription

// The root declares every target itself, with paths into Packages/, so that it can be depended on by URL and
// version: SwiftPM refuses that for a package with local path dependencies. Packages/*/Package.swift declare
// the same targets for those who depend on one of them by path; a test compares the two.

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

func library(_ package: String, _ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Packages/\(package)/Sources/\(name)", swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: settings)
}

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let context = Target.Dependency.product(name: "ServiceContextModule", package: "swift-service-context")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }
let tls = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let ssl = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "fluoro",
  products: [
    .library(name: "XRayModel", targets: ["XRayModel"]),
    .library(name: "XRaySampler", targets: ["XRaySampler"]),
    .library(name: "XRaySDK", targets: ["XRaySDK"]),
    .library(name: "XRayTracing", targets: ["XRayTracing"]),
    .library(name: "XRayHTTP", targets: ["XRayHTTP"]),
    .library(name: "LambdaRuntime", targets: ["LambdaRuntime"]),
    .library(name: "EventSources", targets: ["EventSources"]),
    .library(name: "LambdaEmitter", targets: ["LambdaEmitter"]),
    .library(name: "XRayDaemon", targets: ["XRayDaemon"]),
    .library(name: "RemoteSink", targets: ["RemoteSink"]),
    .library(name: "AWSAccess", targets: ["AWSAccess"]),
    .library(name: "SecureHTTP", targets: ["SecureHTTP"]),
    .library(name: "DaemonServer", targets: ["DaemonServer"]),
    .library(name: "DaemonOptions", targets: ["DaemonOptions"]),
    .library(name: "DaemonProgram", targets: ["DaemonProgram"]),
    .library(name: "Traces", targets: ["Traces"]),
    .library(name: "TraceFilters", targets: ["TraceFilters"]),
    .library(name: "SegmentBlocks", targets: ["SegmentBlocks"]),
    .library(name: "TraceColumns", targets: ["TraceColumns"]),
    .library(name: "SQLiteStore", targets: ["SQLiteStore"]),
    .library(name: "CZlib", targets: ["CZlib"]),
    .library(name: "TraceReports", targets: ["TraceReports"]),
    .library(name: "SpanIntake", targets: ["SpanIntake"]),
    .library(name: "Insights", targets: ["Insights"]),
    .library(name: "XRayService", targets: ["XRayService"]),
    .library(name: "ServiceServer", targets: ["ServiceServer"]),
    .library(name: "FunctionProcesses", targets: ["FunctionProcesses"]),
    .library(name: "LambdaAPI", targets: ["LambdaAPI"]),
    .library(name: "QueryProtocol", targets: ["QueryProtocol"]),
    .library(name: "AccessManagement", targets: ["AccessManagement"]),
    .library(name: "QueueAPI", targets: ["QueueAPI"]),
    .library(name: "TopicAPI", targets: ["TopicAPI"]),
    .library(name: "StreamAPI", targets: ["StreamAPI"]),
    .executable(name: "demo", targets: ["demo"]),
    .executable(name: "fluoro", targets: ["fluoro"]),
    .executable(name: "sample-function", targets: ["sample-function"]),
    .executable(name: "fluoro-daemon", targets: ["fluoro-daemon"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.30.0"),
    .package(url: "https://github.com/apple/swift-service-context", from: "1.5.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    library("XRayModel", "XRayModel"),
    library("XRaySampler", "XRaySampler", ["XRayModel"]),
    library("XRaySDK", "XRaySDK", ["XRayModel", "XRaySampler", log, context]),
    library("XRaySDK", "XRayTracing", ["XRayModel", "XRaySDK", tracing]),
    library("XRaySDK", "XRayHTTP", ["XRayModel", "XRaySampler", "XRaySDK"] + nio),
    library("LambdaRuntime", "LambdaRuntime", ["XRayModel", "XRaySDK", log] + nio),
    library("EventSources", "EventSources", ["XRayModel"]),
    library("LambdaEmitter", "LambdaEmitter", ["XRayModel", "XRaySampler", "EventSources"]),
    .target(name: "CDatagrams", path: "Packages/XRayDaemon/Sources/CDatagrams"),
    library("XRayDaemon", "XRayDaemon", ["XRayModel", "CDatagrams", log]),
    library("XRayDaemon", "RemoteSink", ["XRayModel", "XRayHTTP"] + nio),
    library("XRayDaemon", "AWSAccess", ["XRayModel", "XRayHTTP", crypto] + nio),
    library("XRayDaemon", "SecureHTTP", ["XRayHTTP", ssl, tls] + nio),
    library("XRayDaemon", "DaemonServer", ["XRayModel", "XRayDaemon", log] + nio),
    .systemLibrary(
      name: "CYaml", path: "Packages/XRayDaemon/Sources/CYaml", pkgConfig: "yaml-0.1",
      providers: [.apt(["libyaml-dev"])]),
    library("XRayDaemon", "DaemonOptions", ["XRayModel", "CYaml", log]),
    .target(name: "CProcess", path: "Packages/XRayDaemon/Sources/CProcess"),
    library(
      "XRayDaemon", "DaemonProgram",
      [
        "XRayModel", "XRayHTTP", "XRayDaemon", "RemoteSink", "AWSAccess", "SecureHTTP", "DaemonServer", "DaemonOptions",
        "CProcess", log,
      ] + nio),
    library("TraceStore", "Traces", ["XRayModel"]),
    library("TraceStore", "TraceFilters", ["XRayModel", "Traces"]),
    .systemLibrary(
      name: "CZlib", path: "Packages/TraceStore/Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    library("TraceStore", "SegmentBlocks", ["XRayModel", "CZlib"]),
    library("TraceStore", "TraceColumns", ["XRayModel", "Traces", "TraceFilters", "CZlib"]),
    library(
      "TraceStore", "SQLiteStore",
      ["XRayModel", "Traces", "TraceFilters", "SegmentBlocks", "TraceColumns", "CZlib", grdb, sqlite]),
    library("TraceReports", "TraceReports", ["XRayModel", "Traces"]),
    library("XRayService", "SpanIntake", ["XRayModel"]),
    library("XRayService", "Insights", ["XRayModel", "Traces"]),
    library(
      "XRayService", "XRayService", ["XRayModel", "XRaySampler", "Traces", "TraceFilters", "TraceReports", "Insights"]),
    library(
      "XRayService", "ServiceServer",
      [
        "XRayModel", "Traces", "XRayService", "SpanIntake", "CZlib", "XRayDaemon", "DaemonServer", "AWSAccess", crypto,
        log,
      ] + nio),
    .target(name: "CSpawn", path: "Packages/LambdaServer/Sources/CSpawn"),
    library("LambdaServer", "FunctionProcesses", ["XRayModel", "LambdaEmitter", "XRayDaemon", "CSpawn", log] + nio),
    library(
      "LambdaServer", "LambdaAPI",
      ["XRayModel", "EventSources", "LambdaEmitter", "FunctionProcesses", "CZlib", "DaemonServer", crypto] + nio),
    library("LambdaServer", "QueryProtocol", ["XRayModel"]),
    library("LambdaServer", "AccessManagement", ["XRayModel", "LambdaEmitter", "QueryProtocol"]),
    library(
      "LambdaServer", "QueueAPI",
      ["XRayModel", "EventSources", "QueryProtocol", "DaemonServer", crypto] + nio),
    library(
      "LambdaServer", "TopicAPI",
      ["XRayModel", "EventSources", "LambdaEmitter", "QueryProtocol", "DaemonServer", crypto] + nio),
    library("LambdaServer", "StreamAPI", ["XRayModel", "EventSources", "DaemonServer", crypto] + nio),

    .executableTarget(
      name: "demo",
      dependencies: [
        "XRayModel", "XRaySampler", "XRaySDK", "XRayHTTP", "LambdaEmitter", "XRayDaemon", "Traces", "SQLiteStore",
        "TraceReports", arguments, grdb,
      ] + nio, path: "Apps/demo", swiftSettings: settings),
    .executableTarget(
      name: "fluoro",
      dependencies: [
        "XRayModel", "XRaySampler", "XRayHTTP", "LambdaEmitter", "XRayDaemon", "DaemonServer", "DaemonProgram",
        "DaemonOptions", "Traces", "TraceFilters", "SegmentBlocks", "TraceColumns", "SQLiteStore", "TraceReports",
        "XRayService", "ServiceServer", "EventSources", "LambdaAPI", "FunctionProcesses", "AccessManagement",
        "QueueAPI",
        "TopicAPI", "StreamAPI", "CZlib", arguments, log, grdb,
      ] + nio,
      path: "Apps/fluoro", swiftSettings: settings),
    .executableTarget(
      name: "sample-function", dependencies: ["XRayModel", "XRaySDK", "LambdaRuntime"], path: "Apps/sample-function",
      swiftSettings: settings),
    .executableTarget(
      name: "fluoro-daemon", dependencies: ["DaemonProgram", "DaemonOptions"], path: "Apps/fluoro-daemon",
      swiftSettings: settings),

    tests("XRayModelTests", ["XRayModel"]),
    tests("XRaySamplerTests", ["XRayModel", "XRaySampler"]),
    tests("XRaySDKTests", ["XRayModel", "XRaySampler", "XRaySDK", "XRayTracing", "XRayHTTP", log, context, tracing]),
    tests("LambdaRuntimeTests", ["XRayModel", "XRaySDK", "LambdaRuntime", log] + nio),
    tests("EventSourcesTests", ["XRayModel", "EventSources"]),
    tests("LambdaEmitterTests", ["XRayModel", "XRaySampler", "EventSources", "LambdaEmitter"]),
    tests("XRayDaemonTests", ["XRayModel", "XRaySDK", "XRayDaemon", "RemoteSink", "XRayHTTP"]),
    tests("AWSAccessTests", ["XRayModel", "XRayHTTP", "AWSAccess"] + nio),
    tests("SecureHTTPTests", ["XRayHTTP", "SecureHTTP", ssl, tls] + nio),
    tests("DaemonServerTests", ["XRayModel", "XRayDaemon", "DaemonServer", log] + nio),
    tests("DaemonOptionsTests", ["XRayModel", "DaemonOptions", log]),
    tests(
      "DaemonProgramTests",
      ["XRayModel", "XRayDaemon", "DaemonServer", "DaemonOptions", "DaemonProgram", "fluoro-daemon"]),
    tests("TracesTests", ["XRayModel", "Traces"]),
    tests("TraceFiltersTests", ["XRayModel", "Traces", "TraceFilters"]),
    tests("SegmentBlocksTests", ["XRayModel", "SegmentBlocks"]),
    tests("TraceColumnsTests", ["XRayModel", "Traces", "TraceFilters", "TraceColumns"]),
    // Killed by those tests while it writes.
    .executableTarget(
      name: "StoreWriter", dependencies: ["XRayModel", "SQLiteStore"], path: "Tests/StoreWriter",
      swiftSettings: settings),
    tests("SQLiteStoreTests", ["XRayModel", "Traces", "TraceFilters", "SQLiteStore", "StoreWriter", grdb]),
    tests("TraceReportsTests", ["XRayModel", "Traces", "TraceReports"]),
    tests("SpanIntakeTests", ["XRayModel", "Traces", "TraceReports", "SpanIntake"]),
    tests("InsightsTests", ["XRayModel", "Traces", "Insights"]),
    tests(
      "XRayServiceTests",
      ["XRayModel", "XRaySampler", "Traces", "TraceFilters", "SQLiteStore", "Insights", "XRayService"]),
    tests(
      "ServiceServerTests",
      [
        "XRayModel", "XRayHTTP", "XRayDaemon", "DaemonServer", "AWSAccess", "SQLiteStore", "CZlib", "XRayService",
        "ServiceServer", log,
      ] + nio),
    tests("FunctionProcessesTests", ["XRayModel", "LambdaEmitter", "FunctionProcesses", log] + nio),
    tests(
      "LambdaAPITests", ["XRayModel", "EventSources", "LambdaEmitter", "DaemonServer", "LambdaAPI", "CZlib"] + nio),
    tests("AccessManagementTests", ["XRayModel", "LambdaEmitter", "QueryProtocol", "AccessManagement"]),
    tests("QueueAPITests", ["XRayModel", "EventSources", "DaemonServer", "QueueAPI"] + nio),
    tests("TopicAPITests", ["XRayModel", "EventSources", "LambdaEmitter", "DaemonServer", "TopicAPI"] + nio),
    tests("StreamAPITests", ["XRayModel", "EventSources", "DaemonServer", "StreamAPI"] + nio),
    tests(
      "RecordedTraces", ["XRayModel", "XRayDaemon", "Traces", "SQLiteStore", "TraceReports"],
      exclude: ["Fixtures", "Goldens"]),
    tests(
      "EndToEnd", ["XRayModel", "XRaySDK", "XRayDaemon", "Traces", "SQLiteStore", "demo", "fluoro", "fluoro-daemon"]),
    tests("Tidy", []),
  ]
)
