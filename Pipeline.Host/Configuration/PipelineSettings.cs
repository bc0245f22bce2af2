using Microsoft.Extensions.Options;
using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Actors.Inference;
using Pipeline.Host.Errors;
using Pipeline.Host.Influx;
using Pipeline.Host.Kafka;
using Pipeline.Host.Store;
using Pipeline.Host.Telemetry;
using Pipeline.Host.Web;

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

    /// <summary>Every section that is ours, with the options that it binds to. A new one is a line here and one in <see cref="SettingsServices"/>.</summary>
    public static IReadOnlyDictionary<string, Type> Sections { get; } = new Dictionary<string, Type>(StringComparer.OrdinalIgnoreCase)
    {
        [KafkaOptions.Section] = typeof(KafkaOptions),
        [TopologySection] = typeof(TopologyOptions),
        [InferenceSection] = typeof(InferenceOptions),
        [InfluxOptions.Section] = typeof(InfluxOptions),
        [EmbeddedStoreOptions.Section] = typeof(EmbeddedStoreOptions),
        [ClusterOptions.Section] = typeof(ClusterOptions),
        [WebOptions.Section] = typeof(WebOptions),
        [TelemetryOptions.Section] = typeof(TelemetryOptions),
    };

    /// <summary>Reads and checks all sections.</summary>
    /// <exception cref="CommandException">Names key, value and what is allowed.</exception>
    public static PipelineSettings From(IConfiguration configuration) => new(
        Settings.Bind<KafkaOptions>(configuration, KafkaOptions.Section),
        Settings.Bind<TopologyOptions>(configuration, TopologySection),
        Settings.Bind<InfluxOptions>(configuration, InfluxOptions.Section),
        Settings.Bind<EmbeddedStoreOptions>(configuration, EmbeddedStoreOptions.Section),
        Settings.Bind<InferenceOptions>(configuration, InferenceSection));
}

/// <summary>The same for a host: options that are checked when it starts.</summary>
internal static class SettingsServices
{
    /// <summary>Adds the options of every section, each checked when the host starts, and the <see cref="PipelineSettings"/> made of them.</summary>
    public static void AddSettings(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSettings<KafkaOptions>(configuration, KafkaOptions.Section);
        services.AddSettings<TopologyOptions>(configuration, PipelineSettings.TopologySection);
        services.AddSettings<InferenceOptions>(configuration, PipelineSettings.InferenceSection);
        services.AddSettings<InfluxOptions>(configuration, InfluxOptions.Section);
        services.AddSettings<EmbeddedStoreOptions>(configuration, EmbeddedStoreOptions.Section);
        services.AddSettings<ClusterOptions>(configuration, ClusterOptions.Section);
        services.AddSettings<WebOptions>(configuration, WebOptions.Section);
        services.AddSettings<TelemetryOptions>(configuration, TelemetryOptions.Section);
        services.AddSingleton(provider => new PipelineSettings(
            Of<KafkaOptions>(provider), Of<TopologyOptions>(provider), Of<InfluxOptions>(provider), Of<EmbeddedStoreOptions>(provider), Of<InferenceOptions>(provider)));
    }

    private static void AddSettings<T>(this IServiceCollection services, IConfiguration configuration, string section) where T : class, new()
    {
        services.AddSingleton<IOptionsFactory<T>>(new SettingsFactory<T>(configuration, section));
        services.AddOptions<T>().ValidateOnStart();
    }

    private static T Of<T>(IServiceProvider provider) where T : class => provider.GetRequiredService<IOptions<T>>().Value;

    /// <summary>Binds and checks; the faults name key, value and what is allowed.</summary>
    private sealed class SettingsFactory<T>(IConfiguration configuration, string section) : IOptionsFactory<T> where T : class, new()
    {
        public T Create(string name) => Settings.TryBind<T>(configuration, section, out var options) is { Count: > 0 } faults
            ? throw new OptionsValidationException(section, typeof(T), faults)
            : options;
    }
}
