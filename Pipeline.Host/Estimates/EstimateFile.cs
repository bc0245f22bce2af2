using System.Text;
using Pipeline.Host.Errors;

namespace Pipeline.Host.Estimates;

/// <summary>
/// A file that is there whole or not at all: written beside its place and put there at the end. Or a writer that is only borrowed.
/// </summary>
internal sealed class EstimateFile : IDisposable
{
    private readonly string? _path;
    private readonly string? _draft;
    private readonly TextWriter _writer;

    /// <summary>A file at <paramref name="path"/>.</summary>
    /// <exception cref="CommandException">It cannot be written.</exception>
    public EstimateFile(string path)
    {
        _path = path;
        _draft = $"{path}.{Environment.ProcessId}.part";
        _writer = CommandException.Writing(path, () => new StreamWriter(_draft, append: false, new UTF8Encoding(false), 1 << 16) { NewLine = "\n" });
    }

    /// <summary>What is written goes to <paramref name="borrowed"/> at once.</summary>
    public EstimateFile(TextWriter borrowed) => _writer = borrowed;

    public void Write(string text) => _writer.Write(text);

    public void WriteLine(string line)
    {
        _writer.Write(line);
        _writer.Write('\n');
    }

    /// <summary>All is written: the file takes its place.</summary>
    public void Finish()
    {
        _writer.Flush();
        if (_draft is null || _path is null)
            return;
        _writer.Dispose();
        File.Move(_draft, _path, overwrite: true);
    }

    /// <summary>Without <see cref="Finish"/> nothing stays.</summary>
    public void Dispose()
    {
        if (_draft is null)
            return;
        _writer.Dispose();
        File.Delete(_draft);
    }
}
