using Confluent.Kafka;

namespace Pipeline.Host.Kafka;

/// <summary>What a person can do about an error of Kafka's: the setting to change, or the command to run.</summary>
internal static class KafkaAdvice
{
    /// <summary>One sentence; never holds a password.</summary>
    public static string For(ErrorCode code, KafkaOptions options) => code switch
    {
        ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed or ErrorCode.IllegalSaslState =>
            "User or password is refused: check Kafka:Properties:sasl.username, sasl.password and sasl.mechanism",
        ErrorCode.UnsupportedSaslMechanism =>
            "The broker does not offer this mechanism: check Kafka:Properties:sasl.mechanism",
        ErrorCode.Local_Ssl =>
            "No TLS connection: check Kafka:Properties:ssl.ca.location, and that the address is in the broker's certificate",
        ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition =>
            "A topic is missing: run ./pipeline topics",
        ErrorCode.TopicAuthorizationFailed => "The user lacks rights on the topic: run ./pipeline doctor",
        ErrorCode.GroupAuthorizationFailed => $"The user lacks rights on the group (Kafka:GroupId is '{options.GroupId}'): run ./pipeline doctor",
        ErrorCode.ClusterAuthorizationFailed => "The user lacks the right IdempotentWrite on the cluster",
        ErrorCode.MsgSizeTooLarge => "Raise the topic's max.message.bytes and Kafka:ProducerProperties:message.max.bytes",
        ErrorCode.FencedInstanceId or ErrorCode.UnreleasedInstanceId => $"Another process of the group has the same Kafka:GroupInstanceId ('{options.GroupInstanceId}'): give each its own",
        ErrorCode.UnsupportedVersion => "The brokers are too old for this: Kafka:GroupProtocol=Consumer needs Kafka 4",
        ErrorCode.Local_MaxPollExceeded => "Output is not acknowledged fast enough: look at the store, or raise Kafka:ConsumerProperties:max.poll.interval.ms",
        _ => $"Is Kafka up, and is Kafka:BootstrapServers ('{options.BootstrapServers}') its address?",
    };

    /// <summary>Whether the code says why, where others only say that there is no connection.</summary>
    public static bool NamesCause(ErrorCode code) => IsRefusal(code) || code is ErrorCode.UnknownTopicOrPart or ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed;

    /// <summary>Whether the brokers refuse the client's name, password or certificate.</summary>
    public static bool IsRefusal(ErrorCode code) => code is
        ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed or ErrorCode.UnsupportedSaslMechanism or ErrorCode.Local_Ssl;

    /// <summary>Whether the fault can stand although the brokers are connected.</summary>
    public static bool OutlastsConnection(ErrorCode code) => code is
        ErrorCode.UnknownTopicOrPart or ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed
        or ErrorCode.ClusterAuthorizationFailed or ErrorCode.Local_MaxPollExceeded;
}
