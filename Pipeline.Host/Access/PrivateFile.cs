namespace Pipeline.Host.Access;

/// <summary>
/// A file with secrets or names that nobody but its owner (and group) may read. What it says is read again when the file has changed; while it cannot be read,
/// what it said last counts. Thread-safe.
/// </summary>
/// <param name="path">Where it is.</param>
/// <param name="read">Reads its text; throws a <see cref="FormatException"/> that says what is wrong.</param>
internal sealed class PrivateFile<T>(string path, Func<string, T> read) where T : class
{
    private readonly Lock _lock = new();
    private FileStamp _stamp;
    private T? _content;

    /// <summary>What it says at present.</summary>
    public T Content
    {
        get
        {
            lock (_lock)
            {
                var stamp = FileStamp.Of(path) ?? _stamp;
                if (_content is not null && stamp == _stamp)
                    return _content;
                try
                {
                    (_content, _stamp) = (read(File.ReadAllText(path)), stamp);
                }
                catch (Exception fault) when (_content is not null && fault is IOException or UnauthorizedAccessException or FormatException)
                {
                    // It is being written, or was damaged.
                }
                return _content!;    // read just now, or before
            }
        }
    }

    /// <summary>Why the file cannot be used; null when it can.</summary>
    /// <param name="isPrivate">Whether one that everybody may read cannot.</param>
    public string? FindFault(bool isPrivate = true)
    {
        if (!File.Exists(path))
            return "there is no such file";
        if (isPrivate && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0)
            return "everybody on this machine may read or write it: chmod o-rw it";
        try
        {
            read(File.ReadAllText(path));
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException)
        {
            return fault.Message;
        }
    }
}

/// <summary>Writes files for their owner alone.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Replaces the file at once, so that no reader sees half of it.</summary>
    public static void Write(string path, string text)
    {
        var target = (File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? Path.GetFullPath(path);
        var mode = !OperatingSystem.IsWindows() && File.Exists(target) ? File.GetUnixFileMode(target) & ~(UnixFileMode.OtherRead | UnixFileMode.OtherWrite) : OwnerAlone;
        var part = $"{target}.{Environment.ProcessId}.part";
        using (var writer = new StreamWriter(Create(part, FileMode.Create)))
            writer.Write(text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(part, mode);
        File.Move(part, target, overwrite: true);
    }

    /// <summary>Opens a file to write, which is created for its owner alone.</summary>
    public static FileStream Create(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerAlone;
        return new FileStream(path, options);
    }
}
