using System.Globalization;
using Pipeline.Host.Kafka;

namespace Pipeline.Chaos;

/// <summary>What the user asked of an experiment.</summary>
/// <param name="Servers">Folder of the servers' scripts.</param>
/// <param name="Patients">Beds of the ward; null: the experiment's own.</param>
/// <param name="Rounds">How often the fault is injected; null: the experiment's own.</param>
/// <param name="Seed">Seed of the ward and of the random moments.</param>
/// <param name="Settings">Further settings of the workers, <c>KEY=VALUE</c>.</param>
internal sealed record ChaosPlan(string Servers, int? Patients, int? Rounds, int Seed, IReadOnlyList<string> Settings)
{
    /// <summary>What the test brokers of the new protocol take for a member's session, in seconds, unless it is set.</summary>
    private const double BrokersSession = 10;

    /// <summary>The group's protocol.</summary>
    public GroupProtocolKind Protocol { get; init; }

    /// <summary>After how many seconds a silent member is taken for dead; null: our default, or with the new protocol the brokers'.</summary>
    public double? Session { get; init; }

    /// <summary>Whether each worker has a name in the group that outlasts its restart.</summary>
    public bool Named { get; init; }

    /// <summary>Whether each worker keeps the state of the others' shards warm.</summary>
    public bool Standby { get; init; }

    /// <summary>Of so many workers that are killed one is the process that places all patients; 0: it is hit by chance alone.</summary>
    public int CoordinatorEvery { get; init; } = 3;

    /// <summary>Seconds until a silent member is taken for dead.</summary>
    public double SessionSeconds => Session ?? (Protocol == GroupProtocolKind.Consumer ? BrokersSession : KafkaOptions.DefaultSession.TotalSeconds);

    /// <summary>Settings of worker <paramref name="name"/> that protocol, session and name ask for.</summary>
    public IEnumerable<string> MembershipSettings(string name)
    {
        if (Protocol != GroupProtocolKind.Classic)
            yield return $"Kafka:GroupProtocol={Protocol}";
        if (Protocol == GroupProtocolKind.Classic && Session is { } session)
            yield return string.Create(CultureInfo.InvariantCulture, $"Kafka:ConsumerProperties:session.timeout.ms={session * 1000:0}");
        if (Standby)
            yield return "Kafka:Standby=1";
        if (Named)
            yield return $"Kafka:GroupInstanceId={name}";
    }

    /// <summary>Settings of the brokers that the session asks for: with the new protocol they alone know it.</summary>
    public IEnumerable<string> BrokerSettings()
    {
        if (Protocol != GroupProtocolKind.Consumer || Session is not { } session)
            yield break;
        yield return string.Create(CultureInfo.InvariantCulture, $"group.consumer.min.session.timeout.ms={session * 1000:0}");
        yield return string.Create(CultureInfo.InvariantCulture, $"group.consumer.session.timeout.ms={session * 1000:0}");
        yield return string.Create(CultureInfo.InvariantCulture, $"group.consumer.heartbeat.interval.ms={session * 250:0}");
    }
}
