using System.Globalization;
using Pipeline.Host.Configuration;

namespace Pipeline.Host.Demo;

/// <summary>Where a demo's points and state go.</summary>
internal static class DemoFolder
{
    /// <summary>
    /// Sets the store to <paramref name="folder"/>; null: to that of the last demo of such a ward, or to a new one if a fresh one is asked for. The settings
    /// may be those of a real ward: made-up patients never go to its InfluxDB.
    /// </summary>
    public static PipelineSettings Use(PipelineSettings settings, string? folder, DemoRequest request, TimeProvider time)
    {
        settings.Influx.Url = null;
        settings.Kafka.PatientPattern = "";     // a real ward's form is not that of made-up patients
        settings.Store.Directory = folder ?? Choose(Root(), request.IsFresh, time, request.IsLabour);
        return settings;
    }

    /// <summary>
    /// The folder in <paramref name="root"/> of the last demo of a ward of that kind that can be continued; a new one when there is none, or it
    /// is not wanted.
    /// </summary>
    internal static string Choose(string root, bool isFresh, TimeProvider time, bool isLabour = false)
    {
        var name = time.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        // The names are times: their order is that of the demos.
        return (isFresh ? null : Directory.EnumerateDirectories(root).Where(one => WardState.Exists(one, isLabour)).Max(StringComparer.Ordinal))
            ?? Directory.CreateDirectory(Path.Combine(root, name)).FullName;
    }

    /// <summary>Below the working folder when that can be written, else below the system's place for temporary files.</summary>
    private static string Root()
    {
        try
        {
            return Directory.CreateDirectory(Path.Combine(Environment.CurrentDirectory, "data", "demo")).FullName;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "pipeline", "demo")).FullName;
        }
    }
}
