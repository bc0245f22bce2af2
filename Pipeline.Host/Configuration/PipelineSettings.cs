using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Actors.Inference;
using Pipeline.Host.Access;
using Pipeline.Host.Errors;
using Pipeline.Host.Influx;
using Pipeline.Host.Interchange;
using Pipeline.Host.Kafka;
using Pipeline.Host.Store;
using Pipeline.Host.Telemetry;
using Pipeline.Host.Web;
using Pipeline.Models.Alarms;
using Pipeline.Models.Estimators.Ctg;

namespace Pipeline.Host.Configuration;

/// <summary>The checked settings of a running pipeline.</summary>
/// <param name="Kafka">Section <c>Kafka</c>.</param>
/// <param name="Topology">Section <c>Topology</c>.</param>
/// <param name="Influx">Section <c>Influx</c>; not used without an address.</param>
/// <param name="Store">Section <c>Store</c>: used when there is no InfluxDB.</param>
/// <param name="Inference">Section <c>Inference</c>: how networks are served, when <c>Topology:Model</c> names one.</param>
internal sealed record PipelineSettings(
    KafkaOptions Kafka, TopologyOptions Topology, InfluxOptions Influx, EmbeddedStoreOptions Store, InferenceOptions Inference)
{
    /// <summary>The section of the windows, shards and patients.</summary>
    public const string TopologySection = "Topology";

    /// <summary>The section of the networks' workers.</summary>
    public const string InferenceSection = "Inference";

    /// <summary>The section of the rules by which cardiotocograms are read.</summary>
    public const string CtgSection = "Ctg";

    /// <summary>Section <c>Ctg</c>.</summary>
    public CtgRules Ctg { get; init; } = new();

    /// <summary>The section of the alarms.</summary>
    public const string AlarmsSection = "Alarms";

    /// <summary>Section <c>Alarms</c>.</summary>
    public AlarmRules Alarms { get; init; } = new();

    /// <summary>Section <c>Web</c>.</summary>
    public WebOptions Web { get; init; } = new();

    /// <summary>Section <c>Access</c>.</summary>
    public AccessOptions Access { get; init; } = new();

    /// <summary>Section <c>OpenId</c>.</summary>
    public OpenIdOptions OpenId { get; init; } = new();

    /// <summary>Every section that is ours. A new one is a line here.</summary>
    public static IReadOnlyList<SettingsSection> Sections { get; } =
    [
        SettingsSection.Of<KafkaOptions>(KafkaOptions.Section),
        SettingsSection.Of<TopologyOptions>(TopologySection),
        SettingsSection.Of<InferenceOptions>(InferenceSection),
        SettingsSection.Of<CtgRules>(CtgSection),
        SettingsSection.Of<AlarmRules>(AlarmsSection),
        SettingsSection.Of<InfluxOptions>(InfluxOptions.Section),
        SettingsSection.Of<EmbeddedStoreOptions>(EmbeddedStoreOptions.Section),
        SettingsSection.Of<ClusterOptions>(ClusterOptions.Section),
        SettingsSection.Of<WebOptions>(WebOptions.Section),
        SettingsSection.Of<AccessOptions>(AccessOptions.Section),
        SettingsSection.Of<OpenIdOptions>(OpenIdOptions.Section),
        SettingsSection.Of<InterchangeOptions>(InterchangeOptions.Section),
        SettingsSection.Of<TelemetryOptions>(TelemetryOptions.Section),
    ];

    /// <summary>Reads and checks all sections.</summary>
    /// <exception cref="CommandException">Names key, value and what is allowed.</exception>
    public static PipelineSettings From(IConfiguration configuration) => new(
        Settings.Bind<KafkaOptions>(configuration, KafkaOptions.Section),
        Settings.Bind<TopologyOptions>(configuration, TopologySection),
        Settings.Bind<InfluxOptions>(configuration, InfluxOptions.Section),
        Settings.Bind<EmbeddedStoreOptions>(configuration, EmbeddedStoreOptions.Section),
        Settings.Bind<InferenceOptions>(configuration, InferenceSection))
    {
        Ctg = Settings.Bind<CtgRules>(configuration, CtgSection),
        Alarms = Settings.Bind<AlarmRules>(configuration, AlarmsSection),
        Web = Settings.Bind<WebOptions>(configuration, WebOptions.Section),
        Access = Settings.Bind<AccessOptions>(configuration, AccessOptions.Section),
        OpenId = Settings.Bind<OpenIdOptions>(configuration, OpenIdOptions.Section),
    };
}
