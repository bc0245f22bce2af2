using System.Buffers.Binary;
using System.Text;

namespace Pipeline.Host.Recordings;

/// <summary>A mark of a WFDB annotation file.</summary>
/// <param name="Sample">Its sample.</param>
/// <param name="Code">Its code, see <c>ecgcodes.h</c> of the WFDB library: 1 normal beat, 5 ventricular, 32 flutter begins, 33 it
/// ends, 28 the rhythm changes.</param>
/// <param name="Text">What it says, such as <c>(AFIB</c> of a change of rhythm; empty for most.</param>
internal readonly record struct WfdbAnnotation(int Sample, int Code, string Text = "")
{
    /// <summary>Whether it marks a beat.</summary>
    public bool IsBeat => Code is (>= 1 and <= 13) or 25 or 30 or 34 or 35 or 38 or 41;
}

/// <summary>Reads annotation files in MIT format: 16-bit words, 6 bits of code over 10 bits of time since the mark before.</summary>
internal static class WfdbAnnotations
{
    private const int Skip = 59;
    private const int Auxiliary = 63;

    /// <summary>The marks of a file, ascending.</summary>
    public static List<WfdbAnnotation> Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var marks = new List<WfdbAnnotation>();
        var sample = 0;
        for (var at = 0; at + 1 < bytes.Length;)
        {
            var word = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
            at += 2;
            if (word == 0)
                break;
            var (code, rest) = (word >> 10, word & 1023);
            if (code == Skip)
            {
                // A long step: 32 bits, its high half first.
                sample += (BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at)) << 16)
                    | BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + 2));
                at += 4;
            }
            else if (code == Auxiliary)
            {
                if (marks.Count > 0 && at + rest <= bytes.Length)
                    marks[^1] = marks[^1] with { Text = Encoding.ASCII.GetString(bytes, at, rest).TrimEnd('\0') };
                at += (rest + 1) & ~1;
            }
            else if (code < Skip)
            {
                sample += rest;
                marks.Add(new WfdbAnnotation(sample, code));
            }
        }
        return marks;
    }
}
