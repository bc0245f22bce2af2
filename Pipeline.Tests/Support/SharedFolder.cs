using System.Diagnostics;
using Xunit;

namespace Pipeline.Tests.Support;

/// <summary>
/// The recordings beside the repository (<c>../shared</c>, or the folder that PIPELINE_SHARED names), unpacked once into a cache folder.
/// Nothing of them belongs to the repository, so every test that wants them skips, with <see cref="Absent"/>, where they are not.
/// </summary>
public static class SharedFolder
{
    private static readonly Lock Unpacking = new();

    /// <summary>The folder; null when there is none.</summary>
    public static string? Root { get; } = Find();

    /// <summary>Why a test is skipped.</summary>
    public const string Absent = "no recordings: ../shared/data (or PIPELINE_SHARED) is not there";

    /// <summary>Folder of an unpacked data set, or null when the recordings are not here.</summary>
    public static string? DataSet(string name)
    {
        if (Root is null || !File.Exists(Path.Combine(Root, "data", $"{name}.tar.xz")))
            return null;
        var cache = Path.Combine(Path.GetTempPath(), $"pipeline-recordings-{Environment.UserName}");
        var folder = Path.Combine(cache, name);
        lock (Unpacking)
            if (!Directory.Exists(folder))
                Unpack(cache, name);
        return folder;
    }

    /// <summary>Path of a file of a data set; skips the test when the recordings are not here.</summary>
    public static string Recording(string dataSet, string file)
    {
        var folder = DataSet(dataSet);
        Skip.If(folder is null, Absent);
        return Path.Combine(folder!, file);   // Skip.If throws on null
    }

    // The script unpacks beside the place and renames, so another process that does the same at the same time only does it twice.
    private static void Unpack(string cache, string name)
    {
        Directory.CreateDirectory(cache);
        using var unpack = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Root!, "data", "unpack"), cache, name]) { RedirectStandardError = true })
            ?? throw new InvalidOperationException("bash did not start");
        var said = unpack.StandardError.ReadToEnd();
        unpack.WaitForExit();
        if (!Directory.Exists(Path.Combine(cache, name)))
            throw new InvalidOperationException($"{name} was not unpacked into {cache}: {said}");
    }

    private static string? Find()
    {
        var named = Environment.GetEnvironmentVariable("PIPELINE_SHARED");
        if (!string.IsNullOrEmpty(named))
            return Directory.Exists(Path.Combine(named, "data")) ? named : null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Pipeline.sln")))
            {
                var shared = Path.Combine(folder.FullName, "..", "shared");
                return Directory.Exists(Path.Combine(shared, "data")) ? Path.GetFullPath(shared) : null;
            }
        return null;
    }
}
