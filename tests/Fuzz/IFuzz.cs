namespace AaClip.Fuzz;

/// <summary>A kind of files that are damaged, one after the other; a number always gives the same file.</summary>
internal interface IFuzz
{
    /// <summary>Damages a file and reads it.</summary>
    /// <returns>What it was; and "refused (…)", "wrong: …", or what was read.</returns>
    (string What, string Outcome) Run(int number);
}
