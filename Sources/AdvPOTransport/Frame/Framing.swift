import AdvPOModel

extension Framing {
    /// What goes onto the socket for a message.
    func frame(of message: [UInt8], limits: WireLimits) throws(TransportError) -> [UInt8] {
        switch self {
        case .coded: return try Frame.encode(message, limits: limits)
        case .callers:
            let most = limits.messageBytes + Self.spareBytes
            guard message.count <= most else {
                throw TransportError(code: .messageTooLarge, message: "the message has \(message.count) bytes as sent, more than the \(most) allowed; send it in parts")
            }
            return message
        }
    }
}
