// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let model = Target.Dependency.product(name: "XRayModel", package: "XRayModel")
let http = Target.Dependency.product(name: "XRayHTTP", package: "XRaySDK")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
  name: "XRayDaemon",
  products: [
    .library(name: "XRayDaemon", targets: ["XRayDaemon"]),
    .library(name: "RemoteSink", targets: ["RemoteSink"]),
  ],
  dependencies: [
    .package(path: "../XRayModel"),
    .package(path: "../XRaySDK"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
  ],
  targets: [
    .target(name: "CDatagrams"),
    .target(name: "XRayDaemon", dependencies: [model, "CDatagrams", log], swiftSettings: settings),
    .target(name: "RemoteSink", dependencies: [model, http], swiftSettings: settings),
  ]
)
