// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let zlib = Target.Dependency.product(name: "CZlib", package: "TraceStore")
let server = Target.Dependency.product(name: "DaemonServer", package: "XRayDaemon")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

let package = Package(
  name: "LambdaServer",
  products: [
    .library(name: "FunctionProcesses", targets: ["FunctionProcesses"]),
    .library(name: "LambdaAPI", targets: ["LambdaAPI"]),
    .library(name: "QueryProtocol", targets: ["QueryProtocol"]),
    .library(name: "AccessManagement", targets: ["AccessManagement"]),
    .library(name: "QueueAPI", targets: ["QueueAPI"]),
    .library(name: "TopicAPI", targets: ["TopicAPI"]),
    .library(name: "StreamAPI", targets: ["StreamAPI"]),
  ],
  dependencies: [
    .package(path: "../XRayModel"),
    .package(path: "../EventSources"),
    .package(path: "../LambdaEmitter"),
    .package(path: "../XRayDaemon"),
    .package(path: "../TraceStore"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
  ],
  targets: [
    .target(name: "CSpawn"),
    .target(
      name: "FunctionProcesses", dependencies: ["XRayModel", "LambdaEmitter", "XRayDaemon", "CSpawn", log] + nio,
      swiftSettings: settings),
    .target(
      name: "LambdaAPI",
      dependencies: ["XRayModel", "EventSources", "LambdaEmitter", "FunctionProcesses", zlib, server, crypto] + nio,
      swiftSettings: settings),
    .target(name: "QueryProtocol", dependencies: ["XRayModel"], swiftSettings: settings),
    .target(
      name: "AccessManagement", dependencies: ["XRayModel", "LambdaEmitter", "QueryProtocol"], swiftSettings: settings),
    .target(
      name: "QueueAPI", dependencies: ["XRayModel", "EventSources", "QueryProtocol", server, crypto] + nio,
      swiftSettings: settings),
    .target(
      name: "TopicAPI",
      dependencies: ["XRayModel", "EventSources", "LambdaEmitter", "QueryProtocol", server, crypto] + nio,
      swiftSettings: settings),
    .target(
      name: "StreamAPI", dependencies: ["XRayModel", "EventSources", server, crypto] + nio, swiftSettings: settings),
  ]
)
