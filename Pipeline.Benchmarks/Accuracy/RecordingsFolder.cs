using System.Diagnostics;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Where the public recordings are: in the folder that <c>--data</c> names, or beside the repository (<c>../shared/data</c>, or the folder
/// that PIPELINE_SHARED names), whose archives are unpacked once into a cache.
/// </summary>
internal static class RecordingsFolder
{
    /// <summary>Folder of a data set; null, with a remark, when it is not there.</summary>
    public static string? Find(Report report, string dataSet)
    {
        if (report.Data is { } named)
        {
            var folder = Path.Combine(named, dataSet);
            if (Directory.Exists(folder))
                return folder;
            report.Remark($"left out: no {dataSet} in {named} (--data)");
            return null;
        }
        var cached = Path.Combine(Path.GetTempPath(), $"pipeline-recordings-{Environment.UserName}", dataSet);
        if (Directory.Exists(cached) || (SharedData() is { } data && Unpack(data, dataSet) && Directory.Exists(cached)))
            return cached;
        report.Remark($"left out: no {dataSet}; --data DIR names the folder that holds it");
        return null;
    }

    private static bool Unpack(string data, string dataSet)
    {
        if (!File.Exists(Path.Combine(data, $"{dataSet}.tar.xz")))
            return false;
        var cache = Path.Combine(Path.GetTempPath(), $"pipeline-recordings-{Environment.UserName}");
        Directory.CreateDirectory(cache);
        using var unpack = Process.Start("bash", [Path.Combine(data, "unpack"), cache, dataSet]);
        unpack.WaitForExit();
        return unpack.ExitCode == 0;
    }

    private static string? SharedData()
    {
        if (Environment.GetEnvironmentVariable("PIPELINE_SHARED") is { Length: > 0 } named)
            return Path.Combine(named, "data");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Pipeline.sln")))
                return Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared", "data"));
        return null;
    }
}
