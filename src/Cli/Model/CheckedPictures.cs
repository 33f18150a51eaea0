using AaClip.Pipeline.Contracts;
using AaClip.Scoring;
using AaClip.Scoring.Images;

namespace AaClip.Cli.Model;

/// <summary>A picture that was checked.</summary>
/// <param name="Probability">That a generator made it; null if it could not be read.</param>
/// <param name="Failure">Why it could not be read; null if it could.</param>
internal readonly record struct CheckedPicture(string Path, double? Probability, FailurePart? Failure);

/// <summary>Checks files for the verbs that need it: reads the next picture while the model works on one.</summary>
/// <param name="parity">Whether pictures are read as by the published code: without EXIF rotation.</param>
internal sealed class CheckedPictures(PictureCheck check, bool parity, ProgressLine line)
{
    private readonly DecodeOptions _decode = new() { Parity = parity };

    /// <summary>Checks files in the given order.</summary>
    public IEnumerable<CheckedPicture> Run(IReadOnlyList<string> files, CancellationToken cancellation)
    {
        Task<(float[]? Input, FailurePart? Failure)> next = ReadAsync(0);
        for (int i = 0; i < files.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            (float[]? input, FailurePart? failure) = next.GetAwaiter().GetResult();
            next = ReadAsync(i + 1);
            double? probability = input is null ? null : check.Probability(input, cancellation);
            yield return new CheckedPicture(files[i], probability, failure);
            line.Show("Checking", i + 1, files.Count);
        }

        Task<(float[]?, FailurePart?)> ReadAsync(int at) =>
            at < files.Count ? Task.Run(() => Read(files[at])) : Task.FromResult<(float[]?, FailurePart?)>((null, null));
    }

    private (float[]? Input, FailurePart? Failure) Read(string file)
    {
        try
        {
            return (check.Prepare(ImageDecoder.DecodeFile(file, _decode).Image), null);
        }
        catch (ImageRejectedException e)
        {
            return (null, new FailurePart(FailureCodes.Of(e.Code), e.Message));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, new FailurePart(FailureCodes.Unreadable, e.Message));
        }
    }

    /// <summary>Lists pictures that could not be read on standard error.</summary>
    /// <returns>The exit code.</returns>
    public static int Tell(IReadOnlyCollection<CheckedPicture> failed, int all)
    {
        if (failed.Count == 0)
            return 0;
        Console.Error.WriteLine($"{failed.Count} of {all} pictures could not be checked:");
        foreach (CheckedPicture picture in failed)
            Console.Error.WriteLine($"  {picture.Failure!.Code}: {picture.Failure.Message}"); // only failed ones are in the list
        return Cli.Run.Failed;
    }
}
