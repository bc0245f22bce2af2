using System.Diagnostics;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Cases;

/// <summary>
/// The small inputs of <c>../shared/cases</c>, unpacked once for a test class and deleted with it. Tests that want them are skipped, with
/// <see cref="Absent"/>, where they are not.
/// </summary>
public sealed class CaseFiles : IDisposable
{
    private const string Absent = "no case files: ../shared/cases (or PIPELINE_SHARED) is not there";

    private readonly Lazy<TemporaryFolder?> _folder = new(Unpack);

    /// <summary>Path of a case's file; skips the test when the files are not here.</summary>
    public string PathOf(string name)
    {
        Skip.If(_folder.Value is null, Absent);
        return Path.Combine(_folder.Value!.Path, name);   // Skip.If throws on null
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_folder.IsValueCreated)
            _folder.Value?.Dispose();
    }

    private static TemporaryFolder? Unpack()
    {
        var archive = Path.Combine(SharedFolder.Root ?? "", "cases", "inputs.tar.xz");
        if (SharedFolder.Root is null || !File.Exists(archive))
            return null;
        var folder = new TemporaryFolder();
        using var tar = Process.Start(new ProcessStartInfo("tar", ["-xJf", archive, "-C", folder.Path]) { RedirectStandardError = true })
            ?? throw new InvalidOperationException("tar did not start");
        var said = tar.StandardError.ReadToEnd();
        tar.WaitForExit();
        return tar.ExitCode == 0 ? folder : throw new InvalidOperationException($"{archive} was not unpacked: {said}");
    }
}
