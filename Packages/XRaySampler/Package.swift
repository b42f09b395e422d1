// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "XRaySampler",
  products: [.library(name: "XRaySampler", targets: ["XRaySampler"])],
  dependencies: [.package(path: "../XRayModel")],
  targets: [
    .target(
      name: "XRaySampler", dependencies: [.product(name: "XRayModel", package: "XRayModel")], swiftSettings: settings)
  ]
)
