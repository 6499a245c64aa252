"""Edits: values that change what the generator receives for one scene, and nothing else (iPOSE sec. 4, figs. 5 and 6).

    edit            what an edit is, and how several become one      draft    the scene and supports that it changes
    noise_edits     Resample, Blend: another texture                 region   where noise is drawn anew
    support_edits   EditSupports: no light, no licence               fill     holes take what is nearest
    part_edits      EditParts: one object's parts, painted           layout   a scene taken apart and put together
    code_edits      ResampleClass, MixAppearance, Morph: another look of a class (GroupDNet); codes: what they see
    layout_edits    MoveObject, RemoveObject, AddObject, EditLabel   words    edits as the command line names them

Example::

    model(scene, seed=7, edit=Resample(object=2) + EditSupports("car", drop="license"))
"""
