namespace Pipeline.Host.Errors;

/// <summary>An expected failure: its message is the one line that the user sees, without a stack trace.</summary>
/// <param name="message">What was found, what was wanted, what to change.</param>
/// <param name="exitCode">One of <see cref="Errors.ExitCode"/>.</param>
internal sealed class CommandException(string message, int exitCode = ExitCode.Failed) : Exception(message)
{
    /// <summary>What the process answers.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>A command line, configuration or input that cannot be used.</summary>
    public static CommandException BadUsage(string message) => new(message, Errors.ExitCode.BadUsage);

    /// <summary>Does what is needed to write a file, for which there may be no folder, right or room.</summary>
    /// <exception cref="CommandException">It cannot be written; names it.</exception>
    public static T Writing<T>(string path, Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be written: {fault.Message}");
        }
    }
}
