using System.CommandLine;

namespace Pipeline.Host.Configuration;

/// <summary>The two flags that every command understands: another file of settings, and any setting by its key.</summary>
internal static class SettingsOptions
{
    /// <summary>Settings read after <c>appsettings.json</c>.</summary>
    public static Option<FileInfo?> File { get; } = new("--config")
    {
        Description = "Settings (JSON) that are read after appsettings.json.",
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary>One setting by its key; wins over all else.</summary>
    public static Option<string[]> Set { get; } = new("--set")
    {
        Description = "One setting, for example Kafka:BootstrapServers=kafka:9092; may be repeated.",
        HelpName = "KEY=VALUE",
        Recursive = true,
        AllowMultipleArgumentsPerToken = false,
    };
}
