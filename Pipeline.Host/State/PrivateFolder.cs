namespace Pipeline.Host.State;

/// <summary>Folders for snapshots of patients: nobody but their owner (and group) may write there.</summary>
internal static class PrivateFolder
{
    private const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Creates <paramref name="folder"/> for this user alone when it is missing, and refuses one that everybody may write.</summary>
    /// <param name="folder">Path.</param>
    /// <param name="setting">The setting that names it, for the message.</param>
    /// <returns>Its full path.</returns>
    /// <exception cref="IOException">Everybody may write there, or it cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be created.</exception>
    public static string Open(string folder, string setting)
    {
        if (OperatingSystem.IsWindows())
            return Directory.CreateDirectory(folder).FullName;
        var opened = Directory.Exists(folder) ? new DirectoryInfo(folder) : Directory.CreateDirectory(folder, OwnerAlone);
        return (opened.UnixFileMode & UnixFileMode.OtherWrite) == 0
            ? opened.FullName
            : throw new IOException(
                $"everybody may write there (mode {Convert.ToString((int)opened.UnixFileMode, 8)}), so snapshots of patients are refused: chmod o-w it, or let {setting} name a sub-folder, which is created for this user alone.");
    }

    /// <summary>Creates a new folder below the system's place for temporary files, for this user alone.</summary>
    public static string CreateTemporary() => Directory.CreateTempSubdirectory("pipeline-").FullName;
}
