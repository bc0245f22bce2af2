using Microsoft.Extensions.Options;

namespace Pipeline.Host.Configuration;

/// <summary>A section of the settings.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Options">The options that it binds to.</param>
/// <param name="AddTo">Adds these to the services of a host, to be checked when it starts.</param>
internal sealed record SettingsSection(string Name, Type Options, Action<IServiceCollection, IConfiguration> AddTo)
{
    /// <summary>The section <paramref name="name"/>, which binds to a <typeparamref name="T"/>.</summary>
    public static SettingsSection Of<T>(string name) where T : class, new() => new(name, typeof(T), (services, configuration) =>
    {
        services.AddSingleton<IOptionsFactory<T>>(new Factory<T>(name, configuration));
        services.AddOptions<T>().ValidateOnStart();
    });

    /// <summary>Binds and checks; the faults name key, value and what is allowed.</summary>
    private sealed class Factory<T>(string section, IConfiguration configuration) : IOptionsFactory<T> where T : class, new()
    {
        public T Create(string name) => Settings.TryBind<T>(configuration, section, out var options) is { Count: > 0 } faults
            ? throw new OptionsValidationException(section, typeof(T), faults)
            : options;
    }
}

/// <summary>The settings of a host.</summary>
internal static class SettingsServices
{
    /// <summary>Adds the options of every section, each checked when the host starts, and the <see cref="PipelineSettings"/> made of them.</summary>
    public static void AddSettings(this IServiceCollection services, IConfiguration configuration)
    {
        foreach (var section in PipelineSettings.Sections)
            section.AddTo(services, configuration);
        services.AddSingleton(_ => PipelineSettings.From(configuration));
    }
}
