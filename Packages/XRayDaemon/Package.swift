// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let model = Target.Dependency.product(name: "XRayModel", package: "XRayModel")
let http = Target.Dependency.product(name: "XRayHTTP", package: "XRaySDK")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")

let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }
let tls = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let ssl = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

let package = Package(
  name: "XRayDaemon",
  products: [
    .library(name: "XRayDaemon", targets: ["XRayDaemon"]),
    .library(name: "RemoteSink", targets: ["RemoteSink"]),
    .library(name: "AWSAccess", targets: ["AWSAccess"]),
    .library(name: "SecureHTTP", targets: ["SecureHTTP"]),
    .library(name: "DaemonServer", targets: ["DaemonServer"]),
    .library(name: "DaemonOptions", targets: ["DaemonOptions"]),
    .library(name: "DaemonProgram", targets: ["DaemonProgram"]),
  ],
  dependencies: [
    .package(path: "../XRayModel"),
    .package(path: "../XRaySDK"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.30.0"),
  ],
  targets: [
    .target(name: "CDatagrams"),
    .target(name: "XRayDaemon", dependencies: [model, "CDatagrams", log], swiftSettings: settings),
    .target(name: "RemoteSink", dependencies: [model, http] + nio, swiftSettings: settings),
    .target(name: "AWSAccess", dependencies: [model, http, crypto] + nio, swiftSettings: settings),
    .target(name: "SecureHTTP", dependencies: [http, ssl, tls] + nio, swiftSettings: settings),
    .target(name: "DaemonServer", dependencies: [model, "XRayDaemon", log] + nio, swiftSettings: settings),
    .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .target(name: "DaemonOptions", dependencies: [model, "CYaml", log], swiftSettings: settings),
    .target(name: "CProcess"),
    .target(
      name: "DaemonProgram",
      dependencies: [
        model, http, "XRayDaemon", "RemoteSink", "AWSAccess", "SecureHTTP", "DaemonServer", "DaemonOptions",
        "CProcess", log,
      ] + nio, swiftSettings: settings),
  ]
)
