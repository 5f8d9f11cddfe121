"""What the module SpineSegment is made of; nodes of the scene are read by SpineLabelLib.scene."""
