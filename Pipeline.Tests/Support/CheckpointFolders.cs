namespace Pipeline.Tests.Support;

/// <summary>Folders for local checkpoints, each of one process of a test; gone with the test run.</summary>
internal static class CheckpointFolders
{
    private static readonly TemporaryFolder Root = Make();

    /// <summary>The path of a folder that nobody has.</summary>
    public static string New() => Path.Combine(Root.Path, Guid.NewGuid().ToString("N"));

    private static TemporaryFolder Make()
    {
        var root = new TemporaryFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => root.Dispose();
        return root;
    }
}
