namespace Pipeline.Host.Recordings;

/// <summary>Opens the files of recordings.</summary>
internal static class RecordingFile
{
    /// <summary>
    /// Opens a file for reading from its beginning. What has no length is refused before it is opened: opening a named pipe waits until
    /// somebody writes into it.
    /// </summary>
    /// <exception cref="RecordingException">The file is empty, or is a pipe or a device.</exception>
    public static FileStream Open(string path)
    {
        Check(path);
        return new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
    }

    /// <summary>The same check for a file that others open.</summary>
    /// <exception cref="RecordingException">The file is empty, or is a pipe or a device.</exception>
    public static void Check(string path)
    {
        if (!HasContent(path))
            throw new RecordingException($"{Path.GetFileName(path)}: is empty, or is no regular file");
    }

    /// <summary>Whether a file, or the file that a link leads to, has a length.</summary>
    public static bool HasContent(string path)
    {
        var file = new FileInfo(path);
        var target = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo;
        return target is { Exists: true, Length: > 0 };
    }
}
