using System.Globalization;
using Pipeline.Host.Configuration;

namespace Pipeline.Host.Demo;

/// <summary>Where a demo's points go.</summary>
internal static class DemoFolder
{
    /// <summary>
    /// Sets the store to <paramref name="folder"/>, or to a new one. The settings may be those of a real ward: made-up patients never go to its
    /// InfluxDB.
    /// </summary>
    public static PipelineSettings Use(PipelineSettings settings, string? folder, TimeProvider time)
    {
        settings.Influx.Url = null;
        settings.Store.Directory = folder ?? NewFolder(time);
        return settings;
    }

    /// <summary>Below the working folder when that can be written, else below the system's place for temporary files.</summary>
    private static string NewFolder(TimeProvider time)
    {
        var name = Path.Combine("demo", time.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));
        try
        {
            return Directory.CreateDirectory(Path.Combine(Environment.CurrentDirectory, "data", name)).FullName;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "pipeline", name)).FullName;
        }
    }
}
