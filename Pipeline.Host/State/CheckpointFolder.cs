namespace Pipeline.Host.State;

/// <summary>
/// The folder of a <see cref="CheckpointFile"/>, held by one process at a time through a lock file, which the system frees however the
/// process ends. The file is closed after a failure and opened again by the next attempt. One thread at a time.
/// </summary>
internal sealed class CheckpointFolder : IDisposable
{
    private const string LockName = "checkpoints.lock", Setting = "Kafka:CheckpointFolder";

    private readonly FileStream _lock;
    private readonly int? _maxPages;
    private CheckpointFile? _file;      // null after a failure

    /// <summary>Takes <paramref name="folder"/>, which is created when it is missing, and opens its file, which is created, too.</summary>
    /// <param name="folder">Path.</param>
    /// <param name="maxPages">Most pages (4 KiB) of the file: beyond it fails as on a full disk. Null: no limit.</param>
    /// <exception cref="IOException">The folder cannot be used, everybody may write there, another process has it, or its file cannot be read.</exception>
    public CheckpointFolder(string folder, int? maxPages = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _maxPages = maxPages;
        try
        {
            Path = PrivateFolder.Open(folder, Setting);
            _lock = Lock(Path);
            _file = CheckpointFile.Open(Path, mayCreate: true, maxPages);
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            _lock?.Dispose();
            throw Unusable(folder, fault);
        }
    }

    /// <summary>Full path.</summary>
    public string Path { get; }

    /// <summary>Whether a folder has checkpoints of a process before.</summary>
    public static bool Exists(string folder) => File.Exists(System.IO.Path.Combine(folder, CheckpointFile.Name));

    /// <summary>Removes the checkpoints of a folder, if it has any.</summary>
    /// <exception cref="IOException">The folder cannot be used, or another process has it.</exception>
    public static void Clear(string folder)
    {
        try
        {
            using var held = Lock(PrivateFolder.Open(folder, Setting));
            foreach (var file in Directory.EnumerateFiles(folder, CheckpointFile.Name + "*"))
                File.Delete(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Unusable(folder, fault);
        }
    }

    /// <summary>Reads or writes the file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="IOException">The disk cannot be read or written; the same may be tried again.</exception>
    public void Use(Action<CheckpointFile> work)
    {
        try
        {
            // Not created anew: an empty file in the place of one that is missing would look like patients without state.
            work(_file ??= CheckpointFile.Open(Path, mayCreate: false, _maxPages));
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException)
        {
            _file?.Dispose();
            _file = null;
            throw;
        }
    }

    /// <summary>Closes the file and gives the folder up.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        _lock.Dispose();
    }

    private static FileStream Lock(string folder) =>
        new(System.IO.Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    private static IOException Unusable(string folder, Exception fault)
    {
        var isHeld = fault is IOException && fault.Message.Contains("another process", StringComparison.Ordinal);
        return new($"The checkpoints in '{folder}' cannot be used: {fault.Message}{(isHeld ? " One process at a time can use a folder." : "")}", fault);
    }
}
