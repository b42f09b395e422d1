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
  name: "LambdaService",
  products: [
    .library(name: "FunctionProcesses", targets: ["FunctionProcesses"]),
    .library(name: "LambdaAPI", targets: ["LambdaAPI"]),
    .library(name: "AccessManagement", targets: ["AccessManagement"]),
  ],
  dependencies: [
    .package(path: "../XRayModel"),
    .package(path: "../LambdaEmitter"),
    .package(path: "../XRayDaemon"),
    .package(path: "../TraceStore"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
  ],
  targets: [
    .target(
      name: "FunctionProcesses", dependencies: ["XRayModel", "LambdaEmitter", log] + nio, swiftSettings: settings),
    .target(
      name: "LambdaAPI",
      dependencies: ["XRayModel", "LambdaEmitter", "FunctionProcesses", zlib, server, crypto] + nio,
      swiftSettings: settings),
    .target(name: "AccessManagement", dependencies: ["XRayModel", "LambdaEmitter"], swiftSettings: settings),
  ]
)
