namespace Pipeline.Host.Access;

/// <summary>
/// When a file was written, and how long it is: of the file itself, not of a link that leads to it. Kubernetes changes the files of a secret by turning a
/// link of their folder; the links to the files stay as they were.
/// </summary>
/// <param name="Written">UTC.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct FileStamp(DateTime Written, long Length)
{
    /// <summary>That of a file; null while there is none.</summary>
    public static FileStamp? Of(string path)
    {
        try
        {
            var file = File.ResolveLinkTarget(path, returnFinalTarget: true) as FileInfo ?? new FileInfo(path);
            return file.Exists ? new(file.LastWriteTimeUtc, file.Length) : null;
        }
        catch (IOException)
        {
            return null;    // it is being replaced, or links lead nowhere
        }
    }
}
